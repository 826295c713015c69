// Imported before `oidc-provider`, which tells on the console what not to do in production: a test does it on purpose.
for (const level of ['info', 'warn'] as const) {
  // biome-ignore lint/suspicious/noConsole: the library knows no other way out
  const say = console[level]
  console[level] = (...words: unknown[]) => {
    if (!/oidc-provider (?:NOTICE|WARNING): /.test(String(words[0]))) say(...words)
  }
}
