import { moveToCpu } from './move-to-cpu.ts'
import type { Study, StudyContext, StudyResult } from './study.ts'

/** Runs studies one after the other, tells each when it is done, and answers what they came to. */
export async function runStudies(
  chosen: readonly Study[],
  context: StudyContext,
  tell: (result: StudyResult) => void,
): Promise<readonly StudyResult[]> {
  // What a study does itself meanwhile is the load's, and no process of the gateway inherits it.
  moveToCpu(process.pid, context.loadCpu)
  const results: StudyResult[] = []
  for (const { name, about, run } of chosen) {
    context.say(`${name}: ${about}`)
    // One that cannot be carried through takes nothing from what the others found.
    const found = await run(context).catch((error: Error) => ({ figures: [], failures: [error.message] }))
    for (const failure of found.failures) context.say(`  failed: ${failure}`)
    const result = { study: name, ...found }
    results.push(result)
    tell(result)
  }
  return results
}
