import { OutsideCrm } from '@/components/outside-crm'

export default function Landing() {
  return <OutsideCrm />
}
