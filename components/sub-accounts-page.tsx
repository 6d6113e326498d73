'use client'

import { useRouter } from 'next/navigation'
import { useEffect } from 'react'
import { useTranslations } from 'use-intl'
import { OpenInTab } from './open-in-tab'
import { useSignedIn } from './signed-in'
import { SubAccountTable } from './sub-account-table'
import { PageSkeleton } from './ui/skeleton'

/** Where everyone arrives: an agency chooses, a sub-account's own people are taken to it. */
export function SubAccountsPage() {
  const t = useTranslations('subAccounts')
  const common = useTranslations('common')
  const { me } = useSignedIn()
  const router = useRouter()
  const own = me.locationId

  useEffect(() => {
    if (own !== null) router.replace(`/embed/${encodeURIComponent(own)}`)
  }, [own, router])

  if (own !== null) return <PageSkeleton label={common('loading')} />
  return (
    <main className="mx-auto w-full max-w-5xl px-4 py-6 sm:px-6">
      <header className="mb-6 flex flex-wrap items-start justify-between gap-3">
        <div>
          <h1 className="text-xl font-semibold">{t('title')}</h1>
          <p className="text-muted mt-1">{t('intro')}</p>
        </div>
        <OpenInTab />
      </header>
      <SubAccountTable />
    </main>
  )
}
