/** Where Debian puts HAProxy, nginx and wrk; not all of it is in everybody's PATH. */
export const systemPath = '/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/sbin:/bin'
