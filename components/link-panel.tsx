'use client'

import { CircleCheck, X } from 'lucide-react'
import { Tabs } from 'radix-ui'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { PairingCode } from './pairing-code'
import { Qr, QrFrame } from './qr'
import { useQr } from './queries'
import { hasFailedToLink, isLinking, isMismatched } from './session-actions'
import { useSignedIn } from './signed-in'
import { useStateSentence } from './state-badge'
import { Button } from './ui/button'
import { Skeleton } from './ui/skeleton'

export type Way = 'qr' | 'code'

const tab =
  'min-h-8 flex-1 rounded-md px-3 py-1 leading-tight font-medium text-muted data-[state=active]:bg-card data-[state=active]:text-ink data-[state=active]:shadow-sm disabled:opacity-55'

/** What a person needs to link the phone: in one size from the first moment to the last, until they close it. */
export function LinkPanel(props: {
  session: SessionView
  way: Way
  /** How often its reader asked for it. */
  calls: number
  onWay: (way: Way) => void
  onClose: () => void
  onAgain: () => void
  onReplace: () => void
  isAsking: boolean
}) {
  const { session, way } = props
  const t = useTranslations('linking')
  const linking = isLinking(session)
  // Read before the first scan, and not taken away by it.
  const [isFirst] = useState(session.firstLinkedAt === null)
  const panel = useBroughtUp(props.calls)
  return (
    <section
      ref={panel}
      aria-label={t('panel', { label: session.label })}
      className="border-line relative scroll-my-4 mt-4 grid min-w-0 gap-x-8 gap-y-4 border-t pt-4 lg:grid-cols-[minmax(0,1fr)_19rem]"
    >
      <Tabs.Root
        value={way}
        onValueChange={(chosen) => props.onWay(chosen as Way)}
        className="flex min-w-0 flex-col gap-4 lg:order-2"
      >
        <div className="flex items-center gap-2">
          <Tabs.List aria-label={t('ways')} className="bg-sunken flex min-w-0 flex-1 gap-1 rounded-lg p-1">
            <Tabs.Trigger value="qr" className={tab}>
              {t('qrTab')}
            </Tabs.Trigger>
            <Tabs.Trigger value="code" className={tab} disabled={session.status === 'linking'}>
              {t('codeTab')}
            </Tabs.Trigger>
          </Tabs.List>
          <Button variant="quiet" size="icon" aria-label={t('close')} onClick={props.onClose}>
            <X aria-hidden />
          </Button>
        </div>
        <Tabs.Content value="qr" tabIndex={-1} className="min-h-84">
          {linking ? <ShownQr session={session} isWanted={way === 'qr'} /> : <Ended {...props} />}
        </Tabs.Content>
        {/* Kept while hidden: a code asked for stays good when somebody looks at the QR in between. */}
        <Tabs.Content value="code" className="min-h-84 data-[state=inactive]:hidden" forceMount tabIndex={-1}>
          {linking ? <PairingCode session={session} /> : <Ended {...props} />}
        </Tabs.Content>
      </Tabs.Root>
      <Steps isFirst={isFirst} last={way === 'qr' ? t('steps3') : t('codeSteps3')} />
    </section>
  )
}

/** Brings the panel before the eyes of whoever asked for it, and the keyboard to its open tab. */
function useBroughtUp(calls: number) {
  const panel = useRef<HTMLElement>(null)
  useEffect(() => {
    if (calls === 0) return
    // After what closes to make room for it, a menu or a dialog, has given the focus back.
    const timer = setTimeout(() => {
      panel.current?.scrollIntoView({ block: 'nearest' })
      panel.current?.querySelector<HTMLElement>('[role=tab][data-state=active]')?.focus({ preventScroll: true })
    })
    return () => clearTimeout(timer)
  }, [calls])
  return panel
}

function ShownQr({ session, isWanted }: { session: SessionView; isWanted: boolean }) {
  const t = useTranslations('linking')
  const qr = useQr(session, isWanted)
  if (session.status === 'awaiting_link' && qr.data) return <Qr pairing={qr.data} label={session.label} />
  return (
    <QrFrame caption={session.status === 'linking' ? t('finishing') : t('preparing')}>
      <Skeleton className="size-full" />
    </QrFrame>
  )
}

/** Where the code was: what became of it, and another one where that helps. */
function Ended(props: {
  session: SessionView
  onClose: () => void
  onAgain: () => void
  onReplace: () => void
  isAsking: boolean
}) {
  const { session } = props
  const t = useTranslations('linking')
  const sessions = useTranslations('sessions')
  const common = useTranslations('common')
  const sentence = useStateSentence()
  const { can } = useSignedIn()
  const frame = (children: ReactNode) => (
    <QrFrame caption="">
      <div className="bg-sunken flex size-full flex-col items-center justify-center gap-4 rounded-lg p-6 text-center">
        {children}
      </div>
    </QrFrame>
  )
  if (session.status === 'connected' || session.status === 'reconnecting')
    return frame(
      <>
        <CircleCheck aria-hidden className="text-good size-10" />
        <p className="text-pretty">{t('linked')}</p>
        <Button onClick={props.onClose}>{common('done')}</Button>
      </>,
    )
  return frame(
    <>
      <p className="text-pretty">{hasFailedToLink(session) ? sentence(session) : t('over')}</p>
      {hasFailedToLink(session) && (
        <Button disabled={props.isAsking} onClick={props.onAgain}>
          {sessions('newCode')}
        </Button>
      )}
      {isMismatched(session) && can('manage_sessions') && (
        <Button variant="secondary" onClick={props.onReplace}>
          {sessions('replace')}
        </Button>
      )}
    </>,
  )
}

function Steps({ isFirst, last }: { isFirst: boolean; last: string }) {
  const t = useTranslations('linking')
  const terms = useTranslations()('terms')
  return (
    <div className="flex flex-col gap-3 text-pretty lg:order-1">
      {isFirst && <p className="bg-wait-soft text-wait rounded-lg p-3 text-[0.8125rem]">{terms}</p>}
      <ol aria-label={t('steps')} className="text-muted flex list-decimal flex-col gap-1.5 pl-4">
        <li>
          <strong className="text-ink font-medium">{t('android')}:</strong> {t('androidSteps1')}
          <br />
          <strong className="text-ink font-medium">{t('iphone')}:</strong> {t('iphoneSteps1')}
        </li>
        <li>{t('steps2')}</li>
        <li>{last}</li>
      </ol>
      <p className="text-muted text-[0.8125rem]">{t('keepOnline')}</p>
    </div>
  )
}
