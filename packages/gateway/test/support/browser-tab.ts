import type { Browser, BrowserContext, Page, Response } from 'playwright-core'

/** One page in a session of its own: no cookie, connection or remembered preflight of another. */
export interface Tab {
  readonly page: Page
  readonly context: BrowserContext
  /** What the browser complained of in its console, and scripts that threw. */
  readonly complaints: readonly string[]
}

/** What a script got: the answer with the headers it may see, or the name of the error `fetch` rejected with. */
export type ScriptAnswer =
  | {
      readonly read: true
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }
  | { readonly read: false; readonly error: string }

export async function openTab(browser: Browser, url: string): Promise<Tab> {
  const context = await browser.newContext()
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(url)
  return { page, context, complaints }
}

/** `fetch` by the page's own script. */
export function fetchIn(page: Page, url: string, request: RequestInit = {}): Promise<ScriptAnswer> {
  return page.evaluate(
    async ([address, init]) => {
      try {
        const answer = await fetch(address, init)
        const headers = Object.fromEntries(answer.headers)
        return { read: true as const, status: answer.status, headers, body: await answer.text() }
      } catch (error) {
        return { read: false as const, error: String(error) }
      }
    },
    [url, request] as const,
  )
}

/** Sends a form from the page, which the browser leaves for the answer. */
export async function submitForm(
  page: Page,
  url: string,
  fields: Readonly<Record<string, string>>,
  enctype = 'application/x-www-form-urlencoded',
): Promise<Response> {
  const answered = page.waitForResponse(
    (response) => response.url() === url && response.request().isNavigationRequest(),
  )
  const submitted = page.evaluate(
    ([action, values, type]) => {
      const form = Object.assign(document.createElement('form'), { action, method: 'POST', enctype: type })
      for (const [name, value] of Object.entries(values)) {
        form.append(Object.assign(document.createElement('input'), { name, value }))
      }
      document.body.append(form)
      form.submit()
    },
    [url, fields, enctype] as const,
  )
  const [response] = await Promise.all([answered, submitted, page.waitForURL(url)])
  return response
}
