'use client'

import { Tabs } from 'radix-ui'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { PairingCode } from './pairing-code'
import { Qr, QrPlaceholder } from './qr'
import { useQr } from './queries'

const tab =
  'h-8 flex-1 rounded-md px-3 font-medium text-muted data-[state=active]:bg-card data-[state=active]:text-ink data-[state=active]:shadow-sm'

/** What a person needs to link the phone, in one size from the first moment to the last. */
export function LinkPanel({ session }: { session: SessionView }) {
  const t = useTranslations('linking')
  const [way, setWay] = useState('qr')
  const qr = useQr(session)
  return (
    <Tabs.Root value={way} onValueChange={setWay} className="border-line flex flex-col gap-4 border-t pt-4">
      <Tabs.List aria-label={t('ways')} className="bg-sunken flex gap-1 rounded-lg p-1">
        <Tabs.Trigger value="qr" className={tab}>
          {t('qrTab')}
        </Tabs.Trigger>
        <Tabs.Trigger value="code" className={tab} disabled={session.status === 'linking'}>
          {t('codeTab')}
        </Tabs.Trigger>
      </Tabs.List>
      <Tabs.Content value="qr" className="flex flex-col gap-4" tabIndex={-1}>
        {session.status === 'linking' ? (
          <QrPlaceholder text={t('finishing')} />
        ) : session.status === 'awaiting_link' && qr.data ? (
          <Qr pairing={qr.data} label={session.label} />
        ) : (
          <QrPlaceholder text={t('preparing')} />
        )}
        <Steps last={t('steps3')} />
      </Tabs.Content>
      {/* Kept while hidden: a code asked for stays good when somebody looks at the QR in between. */}
      <Tabs.Content value="code" className="flex flex-col gap-4 data-[state=inactive]:hidden" forceMount tabIndex={-1}>
        <PairingCode session={session} />
        <Steps last={t('codeSteps3')} />
      </Tabs.Content>
    </Tabs.Root>
  )
}

function Steps({ last }: { last: string }) {
  const t = useTranslations('linking')
  const terms = useTranslations()('terms')
  return (
    <section aria-label={t('steps')} className="text-muted flex flex-col gap-2 text-[0.8125rem] text-pretty">
      <ol className="flex list-decimal flex-col gap-1 pl-4">
        <li>
          <strong className="text-ink font-medium">{t('android')}:</strong> {t('androidSteps1')}{' '}
          <strong className="text-ink font-medium">{t('iphone')}:</strong> {t('iphoneSteps1')}
        </li>
        <li>{t('steps2')}</li>
        <li>{last}</li>
      </ol>
      <p>{t('keepOnline')}</p>
      <p>{terms}</p>
    </section>
  )
}
