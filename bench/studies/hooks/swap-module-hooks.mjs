let part = ''
let by = ''

export function initialize(data) {
  part = data.part
  by = data.by
}

/** The stand-in itself gets the real part. */
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context)
  const isSwapped = resolved.url.endsWith(part) && context.parentURL !== by
  return isSwapped ? { ...resolved, url: by } : resolved
}
