/** Rows of counts, one for each configured id, in one typed array. */
export interface Slots {
  /** The row of each id, in the given order. A known id keeps its row. */
  readonly assign: (ids: readonly string[]) => readonly number[]
  /** Adds at a position: row times width, plus the column. */
  readonly add: (position: number, by: number) => void
  readonly read: () => readonly CountRow[]
}

/** What was counted for one configured id. */
export interface CountRow {
  readonly id: string
  /** Column and value in turn, by column. Zeros are left out: most of what a row could count it never does. */
  readonly counts: readonly number[]
}

/** Rows kept for ids the configuration no longer holds; beyond, theirs are emptied and given to new ids. */
const rowsBeforeReuse = 1024

export function createSlots(width: number): Slots {
  const rowOf = new Map<string, number>()
  let values = new Float64Array(width * 4)
  let rows = 0

  /** Emptied, each as it is asked for; asked for once in a reload, or looking for them would cost the square of the ids. */
  function* rowsToReuse(current: ReadonlySet<string>): Generator<number, undefined> {
    for (const [id, row] of rowOf) {
      if (current.has(id)) continue
      rowOf.delete(id)
      values.fill(0, row * width, (row + 1) * width)
      yield row
    }
  }

  function newRow(reusable: Iterator<number, undefined>): number {
    const reused = rows >= rowsBeforeReuse ? reusable.next().value : undefined
    if (reused !== undefined) return reused
    if ((rows + 1) * width > values.length) {
      const larger = new Float64Array(values.length * 2)
      larger.set(values)
      values = larger
    }
    return rows++
  }

  function countsOf(row: number): readonly number[] {
    const counts: number[] = []
    const from = row * width
    for (let column = 0; column < width; column++) {
      const value = values[from + column]
      if (value !== undefined && value !== 0) counts.push(column, value)
    }
    return counts
  }

  return {
    assign: (ids) => {
      const reusable = rowsToReuse(new Set(ids))
      return ids.map((id) => {
        const known = rowOf.get(id)
        if (known !== undefined) return known
        const row = newRow(reusable)
        rowOf.set(id, row)
        return row
      })
    },
    add: (position, by) => {
      values[position] = (values[position] ?? 0) + by
    },
    read: () => [...rowOf].map(([id, row]) => ({ id, counts: countsOf(row) })),
  }
}
