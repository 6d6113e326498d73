// Preloaded into every long-running child: when its launcher is gone, even by SIGKILL, it is told to stop as by a person.
// A child's own children inherit the preload too; they belong to it, not to us.
if (process.send && process.env.TIED_TO === String(process.ppid)) {
  process.on('disconnect', () => {
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => process.exit(1), 8000).unref()
  })
  // Listening must not keep alive a process that has nothing else to do.
  process.channel?.unref()
}
