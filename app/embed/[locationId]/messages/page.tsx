import { MessageLog } from '@/components/message-log'

export default async function MessagesPage({ params }: { params: Promise<{ locationId: string }> }) {
  return <MessageLog locationId={decodeURIComponent((await params).locationId)} />
}
