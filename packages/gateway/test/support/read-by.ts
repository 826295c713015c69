/** Who reads HTTP/1 in this run: every suite passes with either. `JOTGATE_TEST_HTTP1=node` chooses the other one. */
export const readBy: 'own' | 'node' = process.env.JOTGATE_TEST_HTTP1 === 'node' ? 'node' : 'own'
