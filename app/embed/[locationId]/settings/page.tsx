import { SettingsPage } from '@/components/settings/settings-page'

export default async function SettingsTab({ params }: { params: Promise<{ locationId: string }> }) {
  return <SettingsPage locationId={decodeURIComponent((await params).locationId)} />
}
