'use client'

import { useFormatter, useLocale, useTranslations } from 'use-intl'
import type { RoutingRule } from '@/lib/bridge/sub-account/settings'
import type { SessionView } from '@/lib/bridge/session/session'
import type { UserView } from '@/lib/bridge/sub-account/list-users'

export interface Known {
  sessions: readonly SessionView[]
  users: readonly UserView[]
}

/** A rule as one sentence. */
export function useRuleSentence({ sessions, users }: Known): (rule: Omit<RoutingRule, 'id'>) => string {
  const t = useTranslations('rules')
  const format = useFormatter()
  const locale = useLocale()
  const either = (names: string[]) => format.list(names, { type: 'disjunction' })
  const userName = (id: string) => users.find((user) => user.id === id)?.name ?? t('unknownUser')
  return ({ session, appliesTo, when }) => {
    const regions = new Intl.DisplayNames([locale], { type: 'region' })
    const conditions = [
      when.countries.length > 0 &&
        t('if.countries', { names: either(when.countries.map((code) => regions.of(code) ?? code)) }),
      when.tags.length > 0 && t('if.tags', { names: either(when.tags), count: when.tags.length }),
      when.senders.length > 0 && t('if.senders', { names: either(when.senders.map(userName)) }),
      when.owners.length > 0 && t('if.owners', { names: either(when.owners.map(userName)) }),
      when.written !== 'any' && t(`if.${when.written}`),
    ].filter((part) => part !== false)
    const label = sessions.find(({ id }) => id === session)?.label ?? t('unknownSession')
    return conditions.length === 0
      ? t(`sentence.${appliesTo}Any`, { session: label })
      : t(`sentence.${appliesTo}`, { session: label, conditions: format.list(conditions, { type: 'conjunction' }) })
  }
}
