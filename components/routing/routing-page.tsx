'use client'

import { useTranslations } from 'use-intl'
import type { Settings } from '@/lib/bridge/sub-account/settings'
import { LoadError, Notice } from '../notice'
import { useSessions } from '../queries'
import { ChoiceSetting, SwitchSetting } from '../settings/controls'
import { SavingSettings } from '../settings/saving'
import { Section } from '../settings/section'
import { useSettings, useUsers } from '../settings/settings-queries'
import { NumberSetting } from '../settings/typed-controls'
import { useSignedIn } from '../signed-in'
import { Loading, Skeleton } from '../ui/skeleton'
import { RulesSection } from './rules-section'
import { Why } from './why'

/** How the session of an outbound message is chosen, and a way to ask. */
export function RoutingPage({ locationId }: { locationId: string }) {
  const t = useTranslations('routing')
  const { can } = useSignedIn()
  const isAllowed = can('edit_sessions')
  if (!isAllowed) return <Notice kind="forbidden" title={t('notYours')} text={t('notYoursHow')} />
  return <Loaded locationId={locationId} />
}

function Loaded({ locationId }: { locationId: string }) {
  const t = useTranslations('routing')
  const { me } = useSignedIn()
  const settings = useSettings(locationId)
  const sessions = useSessions(locationId)
  const users = useUsers(locationId)
  if (settings.isPending || sessions.isPending)
    return (
      <Loading className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_21rem]">
        <div className="flex flex-col gap-5">
          <Skeleton className="h-56" />
          <Skeleton className="h-72" />
        </div>
        <Skeleton className="h-96" />
      </Loading>
    )
  const failed = !settings.data ? settings : !sessions.data ? sessions : null
  if (failed) return <LoadError error={failed.error} onRetry={() => void failed.refetch()} />
  const isAgencyAdmin = me.user.type === 'agency' && me.user.role === 'admin'
  const known = { sessions: sessions.data!, users: users.data ?? [] }
  const now = settings.data!
  return (
    <SavingSettings locationId={locationId}>
      <p className="mb-4 lg:hidden">
        <a href="#why" className="text-accent font-medium underline underline-offset-4">
          {t('jumpToWhy')}
        </a>
      </p>
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_21rem]">
        <div className="flex min-w-0 flex-col gap-5">
          <RulesSection rules={now.rules} known={known} />
          <Section title={t('order')} intro={t('orderIntro')}>
            <Order choice={now.sessionChoice} hasRules={now.rules.length > 0} />
            <ChoiceSetting
              name="sessionChoice"
              settings={now}
              words={['keep_contact_session', 'owner_first', 'sender_first']}
            />
          </Section>
          <Section title={t('down')}>
            <ChoiceSetting name="whenContactSessionIsDown" settings={now} words={['fail', 'fallback']} />
            <NumberSetting name="holdMinutes" settings={now} min={0} max={60} unit={t('minutes')} />
            <NumberSetting name="hourlyCap" settings={now} min={1} max={100_000} unit={t('perHour')} mayBeEmpty />
            <NumberSetting name="dailyCap" settings={now} min={1} max={100_000} unit={t('perDay')} mayBeEmpty />
            <SwitchSetting name="warmUp" settings={now} locked={isAgencyAdmin ? null : t('warmUpNotYours')} />
          </Section>
          <Section title={t('codes')} intro={t('codesIntro')}>
            <SwitchSetting name="codeFallback" settings={now} />
            <SwitchSetting name="codeRepins" settings={now} />
            <SwitchSetting name="migrationAliases" settings={now} />
          </Section>
          <Section title={t('tags')}>
            <ChoiceSetting name="tagMode" settings={now} words={['follow', 'pin', 'off']} />
          </Section>
        </div>
        <div id="why" className="scroll-mt-4 lg:sticky lg:top-4">
          <Why locationId={locationId} known={known} />
        </div>
      </div>
    </SavingSettings>
  )
}

const orders: Record<Settings['sessionChoice'], readonly string[]> = {
  keep_contact_session: ['contact', 'sender', 'owner'],
  owner_first: ['owner', 'contact', 'sender'],
  sender_first: ['sender', 'contact', 'owner'],
}

/** The order of what is asked, as it is set now. */
function Order({ choice, hasRules }: { choice: Settings['sessionChoice']; hasRules: boolean }) {
  const t = useTranslations('routing.step')
  const steps = ['explicit', 'code', hasRules ? 'rules' : 'noRules', ...orders[choice], 'priority']
  return (
    <ol className="flex list-decimal flex-col gap-1 py-4 pr-4 pl-9 sm:pl-10">
      {steps.map((step) => (
        <li key={step} className="text-pretty">
          {t(step)}
        </li>
      ))}
    </ol>
  )
}
