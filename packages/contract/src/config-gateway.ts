import { z } from 'zod'
import { cidr, httpUrl } from './config-fields.ts'

const address = z.string().min(1).max(64)
const port = z.int().min(0).max(65535)

export const listener = z.strictObject({
  address: address.default('0.0.0.0').meta({ description: 'Address to listen on.' }),
  port: port.default(8080).meta({ description: 'Port to listen on; 0 takes a free one.' }),
  publicUrl: httpUrl.optional().meta({
    description:
      "What callers see, scheme and host: used for resource metadata (RFC 9728), with the API's own `listen.host` where it has one. Never derived from a caller's Host header.",
  }),
})

/** The node itself: where it listens, whom it believes, its own bounds. */
export const gateway = z.strictObject({
  listeners: z.array(listener).min(1).max(1).prefault([{}]).meta({ description: 'Where the data plane listens.' }),
  admin: z
    .strictObject({
      address: address.default('127.0.0.1').meta({ description: 'Address of the admin port.' }),
      port: port.default(8081).meta({ description: 'The admin port; 0 takes a free one.' }),
      hosts: z.array(z.string().min(1).max(253)).max(32).default([]).meta({
        description:
          'Host names accepted on the admin port beside loopback names and addresses (guards against DNS rebinding).',
      }),
    })
    .prefault({})
    .meta({ description: 'Where operators and probes connect.' }),
  metrics: z
    .strictObject({
      public: z
        .boolean()
        .default(false)
        .meta({ description: 'Serve /metrics on the admin port without the admin token.' }),
    })
    .prefault({})
    .meta({ description: 'Metrics in Prometheus form.' }),
  trustedProxies: z.array(cidr).max(256).default([]).meta({
    description: "Peers whose X-Forwarded-For, -Proto and -Host are believed. Everybody else's are dropped.",
  }),
  verificationBudget: z
    .strictObject({
      perAddress: z.int().min(0).max(1_000_000).default(50).meta({
        description: 'Failed checks a second and client address (IPv6: /64) before 429; 0 switches off.',
      }),
      perIssuer: z.int().min(0).max(1_000_000).default(1000).meta({
        description: 'Failed checks a second and issuer before 429; 0 switches off.',
      }),
    })
    .prefault({})
    .meta({ description: 'How many bad tokens are worth a check of their signature, or a question to the provider.' }),
  outbound: z
    .strictObject({
      allowPrivate: z.array(cidr).max(64).default([]).meta({
        description: 'Private networks that URLs learnt from other servers (discovery documents) may name.',
      }),
    })
    .prefault({})
    .meta({ description: 'Where the gateway itself may connect.' }),
  trace: z
    .strictObject({
      accepted: z
        .boolean()
        .default(false)
        .meta({ description: 'Keep decisions of forwarded requests too, in the bounded ring.' }),
    })
    .prefault({})
    .meta({ description: 'Decisions kept for `explain`.' }),
})

export type GatewayConfig = z.output<typeof gateway>
