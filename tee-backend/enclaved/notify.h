/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells a service manager how we are, as sd_notify(3) does, without its library. Called by the keeper.
 */
#ifndef KEYCLAVE_ENCLAVED_NOTIFY_H
#define KEYCLAVE_ENCLAVED_NOTIFY_H

/* STATE as in sd_notify(3): "READY=1". Nothing happens when nobody asked by NOTIFY_SOCKET. */
void notify_manager(const char *state);

#endif
