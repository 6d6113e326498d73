import type { ReactNode } from 'react'
import { SignedIn } from '@/components/signed-in'

export default function EmbedLayout({ children }: { children: ReactNode }) {
  return <SignedIn>{children}</SignedIn>
}
