// Preloaded into every long-running child: when its launcher is gone, even by SIGKILL, it is told to stop as by a person.
if (process.send) {
  process.on('disconnect', () => {
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => process.exit(1), 8000).unref()
  })
  // Listening must not keep alive a process that has nothing else to do.
  process.channel?.unref()
}
