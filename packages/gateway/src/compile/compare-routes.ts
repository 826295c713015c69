import { lostProtections } from './lost-protections.ts'
import { formatPlace, meetingOf, meetingPlaces, type Place, placesOf, samplePaths } from './places.ts'
import type { Snapshot } from './snapshot.ts'

/** A protection that requests of one place had and have no longer. */
export interface LostProtection {
  /** As an operator writes it: `api.example.com/orders/*`. */
  readonly place: string
  readonly methods: readonly string[]
  readonly lost: string
}

/** Where the configuration after lets through what the one before refused: by place, each with the methods it is for. */
export function compareRoutes(before: Snapshot, after: Snapshot): readonly LostProtection[] {
  const methods = [...new Set([...before.apis, ...after.apis].flatMap(({ plan }) => plan.methods))]
  const losses = meetingPlaces([...placesOf(before), ...placesOf(after)]).flatMap((place) => {
    const byLoss = new Map<string, string[]>()
    for (const method of methods) {
      for (const lost of lostAt(place, method, before, after)) byLoss.set(lost, [...(byLoss.get(lost) ?? []), method])
    }
    return [...byLoss].map(([lost, of]) => ({ place, methods: of, lost }))
  })
  return losses
    .filter((loss) => !losses.some((wider) => wider !== loss && covers(wider, loss)))
    .map((loss) => ({ ...loss, place: formatPlace(loss.place) }))
}

interface Loss {
  readonly place: Place
  readonly methods: readonly string[]
  readonly lost: string
}

/** What is said of a wider place need not be said again. */
function covers(wider: Loss, loss: Loss): boolean {
  if (wider.lost !== loss.lost || !loss.methods.every((method) => wider.methods.includes(method))) return false
  const meeting = meetingOf(wider.place, loss.place)
  return meeting !== undefined && formatPlace(meeting) === formatPlace(loss.place)
}

function lostAt(place: Place, method: string, before: Snapshot, after: Snapshot): ReadonlySet<string> {
  const host = place.host ?? ''
  return new Set(samplePaths(place).flatMap((path) => lostProtections({ before, after, host, path, method })))
}
