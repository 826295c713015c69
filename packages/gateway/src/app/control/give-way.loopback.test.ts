import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('every thread of the process goes behind others', () => {
  const module = fileURLToPath(new URL('../../../dist/app/control/give-way.js', import.meta.url))
  const script = `
    import { readdirSync, readFileSync } from 'node:fs'
    import { giveWay } from ${JSON.stringify(module)}
    giveWay()
    const nice = readdirSync('/proc/self/task').map((id) => readFileSync('/proc/self/task/' + id + '/stat', 'utf8').split(') ')[1].split(' ')[16])
    console.log(nice.length > 1, [...new Set(nice)].join())`
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect(said.trim()).toBe('true 5')
})
