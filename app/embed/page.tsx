import { SubAccountsPage } from '@/components/sub-accounts-page'

export default function Page() {
  return <SubAccountsPage />
}
