'use client'

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import type { MeView } from '@/lib/bridge/sub-account/read-me'
import type { Ability } from '@/lib/bridge/reach'
import { ApiError, createApi, type Api, type Proof } from './api'
import { askParent, isFramed } from './ask-parent'
import { Notice } from './notice'
import { OutsideCrm } from './outside-crm'
import { PageSkeleton } from './ui/skeleton'

interface SignedInValue {
  api: Api
  me: MeView
  isFramed: boolean
}

const SignedInContext = createContext<SignedInValue | null>(null)

export function useSignedIn(): SignedInValue & { can(ability: Ability): boolean } {
  const value = useContext(SignedInContext)
  if (!value) throw new Error('useSignedIn is for pages inside SignedIn')
  return { ...value, can: (ability) => value.me.abilities.includes(ability) }
}

type State =
  { at: 'asking' } | { at: 'outside' } | { at: 'refused' } | { at: 'unreachable' } | { at: 'in'; value: SignedInValue }

const renewAheadMs = 90_000

/** Shows its children once the server knows who looks. The proof lives in this page's memory and nowhere else. */
export function SignedIn({ children }: { children: ReactNode }) {
  const t = useTranslations('signIn')
  const [state, setState] = useState<State>({ at: 'asking' })
  const [attempt, setAttempt] = useState(0)
  const [queries] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          // Without a network too: what cannot be done says so at once, and is not done some time later unasked.
          mutations: { networkMode: 'always' },
          queries: {
            networkMode: 'always',
            staleTime: 1000,
            retry: (failures, error) =>
              failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
          },
        },
      }),
  )

  useEffect(() => {
    const abort = new AbortController()
    void signIn(abort.signal, setState)
    return () => abort.abort()
  }, [attempt])

  const again = () => {
    setState({ at: 'asking' })
    setAttempt((count) => count + 1)
  }
  if (state.at === 'asking') return <PageSkeleton label={t('asking')} />
  if (state.at === 'outside') return <OutsideCrm />
  if (state.at === 'refused')
    return <Notice kind="forbidden" title={t('refused')} text={t('refusedHow')} onRetry={again} />
  if (state.at === 'unreachable')
    return <Notice kind="error" title={t('unreachable')} text={t('unreachableHow')} onRetry={again} />
  return (
    <SignedInContext value={state.value}>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </SignedInContext>
  )
}

async function signIn(signal: AbortSignal, show: (state: State) => void): Promise<void> {
  const framed = isFramed()
  const proof: Proof = { token: null, renew: () => Promise.resolve(false) }
  const api = createApi(proof)
  try {
    if (framed) {
      // Made up here and kept here: the same user data brought by another page is refused.
      const frame = crypto.randomUUID()
      let timer: ReturnType<typeof setTimeout> | undefined
      let renewing: Promise<boolean> | null = null
      let at: string | null | undefined
      signal.addEventListener('abort', () => clearTimeout(timer))
      const obtain = async () => {
        const payload = await askParent(signal)
        if (payload === null || signal.aborted) return false
        const { token, expiresAt, locationId = null } = await exchange(payload, frame, signal)
        // The CRM went to another sub-account around us: nothing shown here is about it.
        if (at !== undefined && at !== locationId) window.location.replace('/embed')
        at = locationId
        proof.token = token
        clearTimeout(timer)
        timer = setTimeout(() => void proof.renew(), Math.max(5_000, Date.parse(expiresAt) - api.now() - renewAheadMs))
        return true
      }
      proof.renew = () =>
        (renewing ??= obtain()
          .catch(() => false)
          .finally(() => (renewing = null)))
      if (!(await obtain())) return signal.aborted ? undefined : show({ at: 'outside' })
    }
    const me = await api.get<MeView>('/me')
    if (!signal.aborted) show({ at: 'in', value: { api, me, isFramed: framed } })
  } catch (error) {
    if (signal.aborted) return
    // Too often is not a no: trying again in a while helps.
    const isRefusal = error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429
    show({ at: isRefusal ? (framed ? 'refused' : 'outside') : 'unreachable' })
  }
}

async function exchange(payload: string, frame: string, signal: AbortSignal) {
  const response = await fetch('/api/sso', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-trunkline-frame': frame },
    body: JSON.stringify({ payload }),
    signal,
  })
  if (!response.ok) throw new ApiError(response.status, 'unauthenticated', 'The user data was not accepted.')
  return (await response.json()) as { token: string; expiresAt: string; locationId?: string }
}
