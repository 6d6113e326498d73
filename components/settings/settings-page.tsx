'use client'

import { useTranslations } from 'use-intl'
import { LoadError, Notice } from '../notice'
import { useSignedIn } from '../signed-in'
import { Loading, Skeleton } from '../ui/skeleton'
import { ChoiceSetting, SelectSetting, SwitchSetting, WordsSetting } from './controls'
import { SavingSettings } from './saving'
import { Section } from './section'
import { useSettings } from './settings-queries'
import { TextSetting } from './typed-controls'

/** Each in its own words: who looks for theirs may not read the page's. */
const languages = [
  { value: 'en', text: 'English' },
  { value: 'es', text: 'Español' },
  { value: 'pt', text: 'Português' },
] as const

/** What applies to every session of the sub-account, apart from routing. */
export function SettingsPage({ locationId }: { locationId: string }) {
  const t = useTranslations('settings')
  const { can } = useSignedIn()
  if (!can('edit_sessions')) return <Notice kind="forbidden" title={t('notYours')} text={t('notYoursHow')} />
  return <Loaded locationId={locationId} />
}

function Loaded({ locationId }: { locationId: string }) {
  const t = useTranslations('settings')
  const settings = useSettings(locationId)
  if (settings.isPending)
    return (
      <Loading className="flex max-w-2xl flex-col gap-5">
        <Skeleton className="h-40" />
        <Skeleton className="h-72" />
      </Loading>
    )
  if (!settings.data) return <LoadError error={settings.error} onRetry={() => void settings.refetch()} />
  const now = settings.data
  const judgeEmail = (word: string) =>
    /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(word) && word.length <= 254 ? null : t('notEmail', { name: word })
  const judgeTag = (word: string) => ([...word].length > 100 ? t('tooLong', { max: 100 }) : null)
  return (
    <SavingSettings locationId={locationId}>
      <div className="flex max-w-2xl flex-col gap-5">
        <p className="text-muted text-pretty">{t('intro')}</p>
        <Section title={t('alerts')} intro={t('alertsIntro')}>
          <WordsSetting name="alertEmails" settings={now} judge={judgeEmail} />
          <SelectSetting name="language" settings={now} choices={languages} />
        </Section>
        <Section title={t('received')}>
          <ChoiceSetting name="inboundLabel" settings={now} words={['on_change', 'never', 'prefix_each']} />
        </Section>
        <Section title={t('contacts')} intro={t('contactsIntro')}>
          <ChoiceSetting name="namePolicy" settings={now} words={['fill_empty', 'phone_wins']} />
          <SwitchSetting name="includeUnsavedChats" settings={now} />
        </Section>
        <Section title={t('tagsGiven')} intro={t('tagsGivenIntro')}>
          <TextSetting name="inboundTag" settings={now} />
          <TextSetting name="phoneReplyTag" settings={now} />
          <TextSetting name="contactTag" settings={now} />
        </Section>
        <Section title={t('labels')} intro={t('labelsIntro')}>
          <TextSetting name="labelPrefix" settings={now} />
          <WordsSetting name="pushedTags" settings={now} judge={judgeTag} />
          <TextSetting name="pushedTagPrefix" settings={now} />
        </Section>
      </div>
    </SavingSettings>
  )
}
