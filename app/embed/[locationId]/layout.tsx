import type { ReactNode } from 'react'
import { SubAccountFrame } from '@/components/sub-account-frame'

export default async function SubAccountLayout(props: {
  children: ReactNode
  params: Promise<{ locationId: string }>
}) {
  const { locationId } = await props.params
  return <SubAccountFrame locationId={decodeURIComponent(locationId)}>{props.children}</SubAccountFrame>
}
