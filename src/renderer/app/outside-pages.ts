/** Pages of the backend that the main process opens in the browser: these very addresses, and no other. */
export function securityPage(server: string): string {
  return `${server.replace(/\/$/, '')}/security`;
}

export function helpPage(server: string): string {
  return `${server.replace(/\/$/, '')}/help`;
}
