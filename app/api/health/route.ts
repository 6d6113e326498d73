export const dynamic = 'force-dynamic'

/** Alive is all it says; `/api/ready` looks further. */
export function GET(): Response {
  return Response.json({ status: 'ok' }, { headers: { 'cache-control': 'no-store' } })
}
