/**
 * Where connections come from. One address has about 28,000 ports towards one listener
 * (net.ipv4.ip_local_port_range); beyond that 127.0.0.2, 127.0.0.3 and so on take their turns.
 */
export const CONNECTIONS_PER_ADDRESS = 25_000;

/** The address of connection `number` of `total`; the kernel's choice where one is enough. */
export function sourceAddress(number: number, total: number): string | undefined {
  if (total <= CONNECTIONS_PER_ADDRESS) return undefined;
  return `127.0.0.${2 + Math.floor(number / CONNECTIONS_PER_ADDRESS)}`;
}
