import { z } from 'zod'
import { cidr, forwardedForm, hour, httpUrl, minute } from './config-fields.ts'
import { durationBetween, referable, secretReference, sizeBetween } from './scalars.ts'

const address = z.string().min(1).max(64)
const port = z.int().min(0).max(65535)

const certificate = z.strictObject({
  certificate: referable('The certificate and those that issued it, the own first, as PEM: usually `${file:…}`.'),
  privateKey: secretReference('Its private key as PEM, without a passphrase.'),
})

const tls = z.strictObject({
  certificates: z.array(certificate).min(1).max(64).meta({
    description:
      'Chosen by the name a caller asks for (SNI): its own name, then a wildcard, from the subject alternative names. The first is shown to everybody else. An RSA and an EC certificate may share a name.',
  }),
  minVersion: z.enum(['1.2', '1.3']).default('1.2').meta({ description: 'Oldest version of TLS that is spoken.' }),
  clientCertificate: z.enum(['none', 'request', 'require']).default('none').meta({
    description:
      'Whether callers show a certificate. One that `clientCa` did not issue, or that has expired, ends the connection, also with `request`.',
  }),
  clientCa: referable('Issuers of client certificates, as PEM.').optional(),
  http2: z.boolean().default(true).meta({ description: 'Offer HTTP/2 (ALPN `h2`) beside HTTP/1.1.' }),
})

export const listener = z.strictObject({
  address: address.default('0.0.0.0').meta({ description: 'Address to listen on.' }),
  port: port.default(8080).meta({ description: 'Port to listen on; 0 takes a free one.' }),
  publicUrl: httpUrl.optional().meta({
    description:
      "What callers see, scheme and host: used for resource metadata (RFC 9728), with the API's own `listen.host` where it has one. Never derived from a caller's Host header.",
  }),
  tls: tls.optional().meta({ description: 'Speak TLS on this port, and nothing else. Default: plain HTTP.' }),
})

const limits = z.strictObject({
  connections: z.int().min(1).max(1_000_000).default(20_000).meta({
    description:
      'Connections of callers, shared out evenly among the workers. Never more than half of the files a worker may open. One beyond it is closed at once.',
  }),
  connectionsPerAddress: z.int().min(1).max(1_000_000).default(2000).meta({
    description:
      'The same for each address (IPv6: /64) that callers connect from. `trustedProxies` are exempt: they bring the callers of many addresses.',
  }),
  headTimeout: durationBetween(1000, 5 * minute, '1s to 5m')
    .prefault('10s')
    .meta({
      description: 'Longest time from the first byte of a request, or the connect, to the end of its headers.',
    }),
  idleTimeout: durationBetween(1000, hour, '1s to 1h')
    .prefault('60s')
    .meta({ description: 'How long a connection without a request is kept.' }),
  bytesPerSecond: sizeBetween(1, 1_048_576, '1B to 1MiB').prefault('1KiB').meta({
    description:
      'Slowest a caller may send a body that is waited for, or take an answer that waits for it. gRPC and event streams may be silent for five minutes instead.',
  }),
  slowAfter: durationBetween(1000, 5 * minute, '1s to 5m')
    .prefault('10s')
    .meta({
      description:
        'Time over which that is looked at; for answers at least as long as 80KiB take at that speed, because the system tells of progress in pieces of such size.',
    }),
})

/** The node itself: where it listens, whom it believes, its own bounds. */
export const gateway = z.strictObject({
  listeners: z.array(listener).min(1).max(8).prefault([{}]).meta({ description: 'Where the data plane listens.' }),
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
    description: "Peers whose word on where a request came from is believed. Everybody else's is dropped.",
  }),
  trustedProxyHeaders: z.enum(['x-forwarded', 'rfc7239']).default('x-forwarded').meta({
    description:
      'Which of their headers is read: X-Forwarded-For, -Proto and -Host, or `Forwarded`. Never both: a proxy passes on as sent what it does not write itself.',
  }),
  forwarded: forwardedForm.default('x-forwarded').meta({
    description:
      'How upstreams are told where a request came from: X-Forwarded-For, -Proto and -Host, `Forwarded` (`rfc7239`), both or none.',
  }),
  via: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$/, 'a name of 8 to 64 letters, digits and ._-')
    .optional()
    .meta({
      description:
        "This gateway's name in `Via`, by which it knows its own requests when they come back; gateways that share the work share it. Default: made of the key in the data directory.",
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
  limits: limits.prefault({}).meta({ description: 'How many callers, and how slow ones, are put up with.' }),
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
export type ListenerConfig = z.output<typeof listener>
