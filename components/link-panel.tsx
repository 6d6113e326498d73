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
  const qr = useQr(session, way === 'qr')
  // Three cells of the card's grid: the instructions stand beside the code where there is room, else below it.
  return (
    <>
      <Tabs.Root
        value={way}
        onValueChange={setWay}
        className="border-line flex min-w-0 flex-col gap-4 border-t pt-4 lg:col-start-2 lg:row-span-2 lg:row-start-1 lg:border-t-0 lg:pt-0"
      >
        <Tabs.List aria-label={t('ways')} className="bg-sunken flex gap-1 rounded-lg p-1">
          <Tabs.Trigger value="qr" className={tab}>
            {t('qrTab')}
          </Tabs.Trigger>
          <Tabs.Trigger value="code" className={tab} disabled={session.status === 'linking'}>
            {t('codeTab')}
          </Tabs.Trigger>
        </Tabs.List>
        <Tabs.Content value="qr" tabIndex={-1}>
          {session.status === 'linking' ? (
            <QrPlaceholder text={t('finishing')} />
          ) : session.status === 'awaiting_link' && qr.data ? (
            <Qr pairing={qr.data} label={session.label} />
          ) : (
            <QrPlaceholder text={t('preparing')} />
          )}
        </Tabs.Content>
        {/* Kept while hidden: a code asked for stays good when somebody looks at the QR in between. */}
        <Tabs.Content value="code" className="data-[state=inactive]:hidden" forceMount tabIndex={-1}>
          <PairingCode session={session} />
        </Tabs.Content>
      </Tabs.Root>
      <Steps last={way === 'qr' ? t('steps3') : t('codeSteps3')} />
    </>
  )
}

function Steps({ last }: { last: string }) {
  const t = useTranslations('linking')
  const terms = useTranslations()('terms')
  return (
    <section
      aria-label={t('steps')}
      className="text-muted flex flex-col gap-2 text-[0.8125rem] text-pretty lg:col-start-1"
    >
      <ol className="flex list-decimal flex-col gap-1 pl-4">
        <li>
          <strong className="text-ink font-medium">{t('android')}:</strong> {t('androidSteps1')}
          <br />
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
