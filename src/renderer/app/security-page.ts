/** Where a backend serves the security page. The main process opens this very address in the browser, and no other. */
export function securityPage(server: string): string {
  return `${server.replace(/\/$/, '')}/security`;
}
