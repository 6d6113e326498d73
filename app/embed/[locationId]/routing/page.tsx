import { RoutingPage } from '@/components/routing/routing-page'

export default async function RoutingTab({ params }: { params: Promise<{ locationId: string }> }) {
  return <RoutingPage locationId={decodeURIComponent((await params).locationId)} />
}
