'use client'

import { useLocale, useTranslations } from 'use-intl'
import type { MessageView } from '@/lib/bridge/message/view'

type Trace = NonNullable<MessageView['trace']>
type Failure = MessageView['failure']

/** What the routing decided, as a sentence in the reader's language. English is what the server said. */
export function useTraceSentence(): (trace: Trace, session: { label: string } | null, failure: Failure) => string {
  const t = useTranslations('trace')
  const isEnglish = useLocale().startsWith('en')
  const failureText = useFailureText()
  return (trace, session, failure) => {
    if (isEnglish || !t.has(`because.${trace.rule}`)) return trace.text
    if (failure !== null && session === null) return failureText(failure)
    if (session === null) return trace.text
    return t('sentence', { session: session.label, because: t(`because.${trace.rule}`, { code: trace.code ?? '' }) })
  }
}

/** The sentence of a failure in the reader's language; the server's own where it says more or we know no other. */
export function useFailureText(): (failure: NonNullable<Failure>) => string {
  const t = useTranslations('notSent')
  const isEnglish = useLocale().startsWith('en')
  return ({ code, message }) => (isEnglish || !t.has(code) ? message || t(code) : t(code))
}

/** How the decision was come to, step by step. */
export function TraceSteps({ trace, labelled }: { trace: Trace; labelled: string }) {
  const t = useTranslations('trace')
  const states = useTranslations('status')
  const held = (ms: number) =>
    ms < 90_000
      ? t('held', { count: Math.max(1, Math.round(ms / 1000)) })
      : t('heldMinutes', { count: Math.round(ms / 60_000) })
  const why = (word: string) =>
    t.has(`why.${word}`) ? t(`why.${word}`) : states.has(`${word}.name`) ? states(`${word}.name`) : word
  const steps = [
    ...trace.skipped.map(({ rule, session, label, priority, why: word }) => ({
      key: `${rule} ${session}`,
      text: t('skipped', {
        session: label,
        count: priority,
        rule: t.has(`rule.${rule}`) ? t(`rule.${rule}`) : String(rule),
        why: why(word),
      }),
    })),
    ...(trace.fallbackFrom
      ? [
          {
            key: 'fallback',
            text: t('fallback', { session: trace.fallbackFrom.label, why: why(trace.fallbackFrom.why) }),
          },
        ]
      : []),
    ...(t.has(`rule.${trace.rule}`) ? [{ key: 'rule', text: t('decided', { rule: t(`rule.${trace.rule}`) }) }] : []),
    ...(trace.code ? [{ key: 'code', text: t('code', { code: trace.code }) }] : []),
    ...(trace.holdMs ? [{ key: 'hold', text: held(trace.holdMs) }] : []),
    ...trace.warnings.map((warning) => ({
      key: warning,
      text: t.has(`warning.${warning}`) ? t(`warning.${warning}`) : warning,
    })),
  ]
  if (steps.length === 0) return null
  return (
    <ol aria-label={labelled} className="text-muted flex list-decimal flex-col gap-1 pl-5">
      {steps.map(({ key, text }) => (
        <li key={key} className="text-pretty">
          {text}
        </li>
      ))}
    </ol>
  )
}
