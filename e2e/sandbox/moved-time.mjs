// Loaded into every process of a sandbox whose time can be moved, before anything else: `Date` is ahead of the machine's by
// what a file says. Timers and the database keep their pace; the processes cannot tell that it is not simply later.
import { readFileSync, statSync } from 'node:fs'
import { ServerResponse } from 'node:http'

const file = process.env.MOVED_TIME_FILE
if (file) {
  const Real = Date
  let aheadMs = 0
  let seen = -1
  const look = () => {
    try {
      const { mtimeMs } = statSync(file)
      if (mtimeMs === seen) return
      aheadMs = JSON.parse(readFileSync(file, 'utf8')).aheadMs
      seen = mtimeMs
    } catch {
      // Not moved yet.
    }
  }
  look()
  setInterval(look, 50).unref()
  const now = () => Real.now() + aheadMs
  globalThis.Date = new Proxy(Real, {
    construct: (target, given, as) => Reflect.construct(target, given.length > 0 ? given : [now()], as),
    apply: () => new Real(now()).toString(),
    get: (target, name, as) => (name === 'now' ? now : Reflect.get(target, name, as)),
  })
  Real.prototype.constructor = globalThis.Date

  // Node dates its answers by a clock of its own, and pages take the server's time from there.
  const { writeHead } = ServerResponse.prototype
  ServerResponse.prototype.writeHead = function (...given) {
    if (this.sendDate && !this.headersSent) this.setHeader('date', new Real(now()).toUTCString())
    return writeHead.apply(this, given)
  }
}
