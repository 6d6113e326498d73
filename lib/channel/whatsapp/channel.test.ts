import { afterAll, beforeAll } from 'vitest'
import { testChannel } from '@/lib/channel/channel.contract'
import { TestWorld } from './test-world'

let world: TestWorld
beforeAll(async () => {
  world = await TestWorld.start()
})
afterAll(() => world.stop())

testChannel('WhatsApp', () => world.session())
