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
  const asides = useAsides()
  return (trace, session, failure) => {
    if (isEnglish || !t.has(`because.${trace.rule}`)) return trace.text
    if (failure !== null && session === null) return failureText(failure)
    if (session === null) return trace.text
    const because = t(`because.${trace.rule}`, { code: trace.code ?? '' })
    const { fallback, warnings } = asides(trace)
    return [t('sentence', { session: session.label, because }), ...fallback, ...warnings].join(' ')
  }
}

/** What was not as the sender or the contact would have it: said wherever the decision is, so that it is never silent. */
function useAsides() {
  const t = useTranslations('trace')
  const why = useWhy()
  return ({ code, fallbackFrom, warnings }: Trace) => ({
    fallback: fallbackFrom ? [t('fallback', { session: fallbackFrom.label, why: why(fallbackFrom.why) })] : [],
    warnings: warnings.map((warning) =>
      t.has(`warning.${warning}`) ? t(`warning.${warning}`, { code: code ?? '' }) : warning,
    ),
  })
}

/** Why a session was passed over. */
function useWhy() {
  const t = useTranslations('trace')
  const states = useTranslations('status')
  return (word: string) =>
    t.has(`why.${word}`) ? t(`why.${word}`) : states.has(`${word}.name`) ? states(`${word}.name`) : word
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
  const why = useWhy()
  const { fallback, warnings } = useAsides()(trace)
  const held = (ms: number) =>
    ms < 90_000
      ? t('held', { count: Math.max(1, Math.round(ms / 1000)) })
      : t('heldMinutes', { count: Math.round(ms / 60_000) })
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
    ...fallback.map((text) => ({ key: 'fallback', text })),
    ...(t.has(`rule.${trace.rule}`) ? [{ key: 'rule', text: t('decided', { rule: t(`rule.${trace.rule}`) }) }] : []),
    ...(trace.code ? [{ key: 'code', text: t('code', { code: trace.code }) }] : []),
    ...(trace.holdMs ? [{ key: 'hold', text: held(trace.holdMs) }] : []),
    ...warnings.map((text) => ({ key: text, text })),
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
