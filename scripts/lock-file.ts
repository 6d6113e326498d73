// What makes `npm ci` fail somewhere else: on another platform, behind another registry, with another npm.
import { z } from 'zod'

const lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      resolved: z.string().optional(),
      extraneous: z.boolean().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
})

export function lockComplaints(content: unknown): string[] {
  const { packages } = lock.parse(content)
  if (Object.keys(packages).length < 2) return ['package-lock.json locks nothing']
  return Object.entries(packages).flatMap(([path, entry]) => [
    ...(entry.resolved && /^https?:/.test(entry.resolved) ? [`${path} is resolved to the address of a registry`] : []),
    ...(entry.extraneous ? [`${path} is extraneous; npm 10 refuses it`] : []),
    ...Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !isLocked(packages, path, name))
      .map(
        (name) =>
          `${path || 'package.json'} may use ${name}, which is not in the lock: npm ci fails where it is needed`,
      ),
  ])
}

/** As Node looks packages up: in the package's own node_modules, then in each one further out. */
function isLocked(packages: Record<string, unknown>, path: string, name: string): boolean {
  for (let home = path; ; home = home.slice(0, Math.max(0, home.lastIndexOf('/node_modules/')))) {
    const candidate = home ? `${home}/node_modules/${name}` : `node_modules/${name}`
    if (candidate in packages) return true
    if (!home) return false
  }
}
