import { SessionList } from '@/components/session-list'

export default async function SessionsPage({ params }: { params: Promise<{ locationId: string }> }) {
  return <SessionList locationId={decodeURIComponent((await params).locationId)} />
}
