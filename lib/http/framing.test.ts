import { expect, test } from 'vitest'
import { framingPolicy } from './framing'

const sandbox = ['http://127.0.0.1:4001/v2/oauth/chooselocation', 'http://127.0.0.1:4001']
const real = ['https://marketplace.leadconnectorhq.com/v2/oauth/chooselocation']

test.each<[string, string[], string]>([
  ['/embed', real, 'frame-ancestors https:;'],
  ['/embed/bN3kWq8TzR5mXv1CfJyE', real, 'frame-ancestors https:;'],
  ['/embed', sandbox, 'frame-ancestors https: http://127.0.0.1:4001;'],
  ['/', sandbox, "frame-ancestors 'none';"],
  ['/embedded', sandbox, "frame-ancestors 'none';"],
  ['/x/embed', real, "frame-ancestors 'none';"],
])('%s', (path, urls, policy) => expect(framingPolicy(path, urls).startsWith(policy)).toBe(true))
