export interface Listed {
  name: string;
  address: string;
  variables?: Record<string, unknown>;
}

/**
 * Inventory of machines that the controller reaches by ssh as `claw`.
 * @param key path of the private key
 * @param variables of all hosts
 */
export function makeInventory(hosts: readonly Listed[], key: string, variables: Record<string, unknown>) {
  return {
    openclaw: {
      hosts: Object.fromEntries(
        hosts.map(({ name, address, variables: own }) => [name, { ansible_host: address, ...own }]),
      ),
      vars: {
        ansible_user: 'claw',
        ansible_ssh_private_key_file: key,
        ansible_ssh_common_args:
          '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=5 -o ControlPersist=15s',
        openclaw_releases_ssh_extra_args: '-o ServerAliveInterval=1 -o ServerAliveCountMax=4',
        ansible_python_interpreter: '/usr/bin/python3',
        openclaw_releases_reconnect_seconds: 60,
        ...variables,
      },
    },
  };
}
