import { describe, expect, it } from 'vitest'
import { chooseByName, serverNames } from './server-names.ts'

describe('which certificate answers to a name', () => {
  const names = serverNames([
    ['a.example', 'example.com'],
    ['*.example.com', 'a.example', 'deep.sub.example.com'],
    ['*.sub.example.com', 'shop.example.com'],
  ])

  it.each([
    ['a.example', 0, 'two have it: the first'],
    ['example.com', 0, 'its own name'],
    ['www.example.com', 1, 'one label below a wildcard'],
    ['shop.example.com', 2, 'its own name before a wildcard that stands earlier'],
    ['x.sub.example.com', 2, 'the wildcard right above it'],
    ['deep.sub.example.com', 1, 'its own name'],
    ['a.b.example.com', undefined, 'a wildcard is one label'],
    ['.example.com', undefined, 'an empty label is none'],
    ['com', undefined, 'nobody has it'],
    ['', undefined, 'no name'],
    ['*.example.com', 1, 'no caller can ask for the wildcard itself and get another one'],
    ['constructor', undefined, 'members of every object name nothing'],
  ])('%s: %s (%s)', (name, choice, _why) => {
    expect(chooseByName(names, name)).toBe(choice)
  })
})
