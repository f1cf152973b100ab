/* The app that bin/bench measures proxies with: fast, and graceful. One thread a connection, blocking calls.

   GET  /             "hello from VERSION"
   POST /, /upload    "N bytes to VERSION", once the whole body has come
   GET  /slow         "slow hello from VERSION", after 2 s
   GET  /stream       30 server-sent events in 3 s, chunked, so that a client sees a cut
   GET  /ws           a WebSocket (RFC 6455) that echoes every text frame, until the client closes it
   GET  /healthz      "ok": the readiness check
   GET  /first-check  when the first readiness check was answered (Unix time, seconds), and VERSION

   VERSION is the first word of /version.txt. On SIGTERM: no new connection, idle ones are closed, requests in
   flight are finished and answered with "Connection: close", then exit 0. With "abrupt" as the second word it
   does what a program without a handler for SIGTERM does: it is gone at once. */

#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 4096, HEAD = 8192, CHUNK = 65536, EVENTS = 30 };

typedef struct {
    int fd;
    char head[HEAD + 1]; /* what has come and is not used yet */
    size_t have;
} connection;

static char version[64] = "v0", manner[16];
static int listener;
static atomic_int ending, open_connections;
static atomic_int idle[CONNECTIONS]; /* by file descriptor: it waits for a request */
static _Atomic double first_check;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void pause_ms(long ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static int send_all(int fd, const void *data, size_t size) {
    for (const char *at = data; size;) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent <= 0) return -1;
        at += sent;
        size -= sent;
    }
    return 0;
}

static int answer(int fd, const char *text) {
    char out[512];
    int size = snprintf(out, sizeof out,
                        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n%s",
                        strlen(text), ending ? "Connection: close\r\n" : "", text);
    return send_all(fd, out, size);
}

static int say(int fd, const char *what) {
    char text[128];
    snprintf(text, sizeof text, "%s from %s\n", what, version);
    return answer(fd, text);
}

/* --- a body: what came with the head counts, the rest is read and thrown away --- */

static int post(connection *c, size_t size) {
    char chunk[CHUNK], text[128];
    size_t left = size;
    size_t here = c->have < left ? c->have : left;
    memmove(c->head, c->head + here, c->have -= here);
    left -= here;
    while (left) {
        ssize_t got = recv(c->fd, chunk, left < CHUNK ? left : CHUNK, 0);
        if (got <= 0) return -1;
        left -= got;
    }
    snprintf(text, sizeof text, "%zu bytes to %s\n", size, version);
    return answer(c->fd, text);
}

static int stream(int fd) {
    const char *head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    if (send_all(fd, head, strlen(head))) return -1;
    for (int number = 0; number < EVENTS; number++) {
        char event[128], out[160];
        int size = snprintf(event, sizeof event, "data: %d from %s\n\n", number, version);
        size = snprintf(out, sizeof out, "%x\r\n%s\r\n", size, event);
        if (send_all(fd, out, size)) return -1;
        pause_ms(100);
    }
    return send_all(fd, "0\r\n\r\n", 5);
}

/* --- WebSocket --- */

static uint32_t rotate_left(uint32_t x, int n) { return x << n | x >> (32 - n); }

/* SHA-1 of at most 119 bytes (two blocks): a WebSocket key and its GUID have 60. */
static void sha1(const char *text, uint8_t digest[20]) {
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    uint8_t data[128] = {0};
    size_t size = strlen(text), blocks = (size + 8) / 64 + 1;
    memcpy(data, text, size);
    data[size] = 0x80;
    data[blocks * 64 - 2] = size * 8 >> 8;
    data[blocks * 64 - 1] = size * 8;
    for (uint8_t *block = data; block < data + blocks * 64; block += 64) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 16; i++)
            w[i] = block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
        for (int i = 16; i < 80; i++) w[i] = rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5A827999
                         : i < 40 ? (b ^ c ^ d) + 0x6ED9EBA1
                         : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC
                                  : (b ^ c ^ d) + 0xCA62C1D6;
            f += rotate_left(a, 5) + e + w[i];
            e = d, d = c, c = rotate_left(b, 30), b = a, a = f;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < 20; i++) digest[i] = h[i / 4] >> (24 - i % 4 * 8);
}

static void accept_key(const char *key, char out[29]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[128];
    uint8_t digest[21] = {0};
    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    sha1(text, digest);
    for (int i = 0, o = 0; i < 21; i += 3, o += 4) {
        uint32_t bits = digest[i] << 16 | digest[i + 1] << 8 | digest[i + 2];
        for (int j = 0; j < 4; j++) out[o + j] = digits[bits >> (18 - 6 * j) & 63];
    }
    out[27] = '=';
    out[28] = 0;
}

/* Frames of up to 125 bytes; a close frame (opcode 8) is answered with the same, and ends it. */
static int websocket(int fd, const char *key) {
    char out[256], accepted[29];
    accept_key(key, accepted);
    int size = snprintf(out, sizeof out,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: %s\r\n\r\n", accepted);
    if (send_all(fd, out, size)) return -1;
    for (uint8_t frame[6 + 125];;) {
        if (recv(fd, frame, 6, MSG_WAITALL) != 6) return -1;
        int length = frame[1] & 127;
        if (length > 125 || (length && recv(fd, frame + 6, length, MSG_WAITALL) != length)) return -1;
        for (int i = 0; i < length; i++) frame[6 + i] ^= frame[2 + i % 4];
        frame[4] = frame[0];
        frame[5] = length;
        if (send_all(fd, frame + 4, length + 2) || (frame[0] & 15) == 8) return -1;
    }
}

/* --- requests --- */

static const char *header(const char *head, const char *name) {
    const char *found = strcasestr(head, name);
    return found ? found + strlen(name) + strspn(found + strlen(name), " ") : NULL;
}

/* 0 when the connection may carry another request. */
static int serve(connection *c, const char *head) {
    const char *length = header(head, "\r\nContent-Length:"), *key = header(head, "\r\nSec-WebSocket-Key:");
    char text[128];
    if (!strncmp(head, "POST ", 5)) return post(c, length ? strtoul(length, NULL, 10) : 0);
    if (!strncmp(head, "GET /slow", 9)) return pause_ms(2000), say(c->fd, "slow hello");
    if (!strncmp(head, "GET /stream", 11)) return stream(c->fd);
    if (!strncmp(head, "GET /ws", 7) && key) return websocket(c->fd, key);
    if (!strncmp(head, "GET /healthz", 12)) {
        double never = 0;
        atomic_compare_exchange_strong(&first_check, &never, now());
        return answer(c->fd, "ok\n");
    }
    if (!strncmp(head, "GET /first-check", 16)) {
        snprintf(text, sizeof text, "%.6f %s\n", first_check, version);
        return answer(c->fd, text);
    }
    return say(c->fd, "hello");
}

/* The next request's head, without what follows it, into `head`. -1 when no further request comes. */
static int read_head(connection *c, char *head) {
    char *end;
    c->head[c->have] = 0;
    while (!(end = strstr(c->head, "\r\n\r\n"))) {
        idle[c->fd] = c->have == 0;
        if (ending && c->have == 0) return -1;
        ssize_t got = c->have < HEAD ? recv(c->fd, c->head + c->have, HEAD - c->have, 0) : 0;
        idle[c->fd] = 0;
        if (got <= 0) return -1;
        c->head[c->have += got] = 0;
    }
    size_t size = end + 4 - c->head;
    memcpy(head, c->head, size);
    head[size] = 0;
    memmove(c->head, end + 4, c->have -= size);
    return 0;
}

static void *attend(void *socket) {
    connection c = {.fd = (int)(intptr_t)socket};
    char head[HEAD + 1];
    setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    while (!read_head(&c, head) && !serve(&c, head) && !ending)
        ;
    close(c.fd);
    open_connections--;
    return NULL;
}

/* --- start and end --- */

static void *end_gracefully(void *signals) {
    int number;
    sigwait(signals, &number);
    if (!strcmp(manner, "abrupt")) _exit(128 + number);
    ending = 1;
    shutdown(listener, SHUT_RDWR);
    for (int fd = 0; fd < CONNECTIONS; fd++)
        if (idle[fd]) shutdown(fd, SHUT_RDWR);
    while (open_connections) pause_ms(10);
    exit(0);
}

static void start_thread(void *(*what)(void *), void *argument) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, what, argument)) exit(1);
}

int main(void) {
    FILE *file = fopen("/version.txt", "r");
    if (file && fscanf(file, "%63s %15s", version, manner) < 1) return 1;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    const char *port = getenv("PORT");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port ? atoi(port) : 8080)};
    listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) return perror("listen"), 1;
    start_thread(end_gracefully, &signals);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (ending) for (;;) pause();
        if (fd < 0) continue;
        if (fd >= CONNECTIONS) { close(fd); continue; }
        open_connections++;
        start_thread(attend, (void *)(intptr_t)fd);
    }
}
