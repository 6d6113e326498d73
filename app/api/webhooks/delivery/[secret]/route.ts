import { web } from '@/lib/http/context'
import { handleDelivery } from '@/lib/http/webhooks'

export async function POST(request: Request, { params }: { params: Promise<{ secret: string }> }): Promise<Response> {
  return await handleDelivery(await web(), request, (await params).secret)
}
