/* SPDX-License-Identifier: MIT */
/* The signalling server of the call example without its sockets: messages, switchboard and queues. The input is a script of lines: a letter
 * for the member, a sign for what happens to it, and its bytes. `>` the last piece of a text comes in, `+` a piece before the last, `<` all
 * that waits for it is written, `!` its connection ends. After each line: what is delivered is UTF-8 and a message that a member takes,
 * names are unique in their channel, and the bytes held are those that were counted and within bounds. */
#include "socket_queue.h"
#include "switchboard.h"
#include "utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small, so that they are reached. */
enum { CONNECTIONS = 12, TEXT_MAX = 8192, BUDGET = 100000 };

struct connection {
    struct member member;
    struct socket_queue queue;
    bool in_a_text; /* a piece came, and not yet the last one */
};

static struct connection connections[CONNECTIONS];
static struct socket_budget budget;
static struct switchboard board;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool deliver(struct member *member, const char *text, bool must)
{
    struct connection *connection = (struct connection *)(void *)member;
    struct message message;
    require(utf8_is_valid(text, strlen(text)));
    require(message_read(&message, text, strlen(text)) == NULL);
    require(message.type == MESSAGE_QUIT || (message.type >= MESSAGE_JOINED && message.type <= MESSAGE_ERROR));
    message_fini(&message);
    return socket_queue_push(&connection->queue, text, must);
}

static void begin(struct connection *connection)
{
    memset(connection, 0, sizeof *connection);
    connection->member.deliver = deliver;
    socket_queue_init(&connection->queue, TEXT_MAX, &budget);
}

static void end(struct connection *connection)
{
    switchboard_remove(&board, &connection->member);
    socket_queue_fini(&connection->queue);
    require(connection->queue.bytes == 0);
    begin(connection);
}

static void take(struct connection *connection, const uint8_t *bytes, size_t len, bool final)
{
    struct socket_queue *queue = &connection->queue;
    enum socket_taken taken = socket_queue_take(queue, bytes, len, !connection->in_a_text, final);
    connection->in_a_text = !final;
    if (taken == SOCKET_TAKEN_TEXT) {
        switchboard_receive(&board, &connection->member, queue->incoming, queue->incoming_len);
        socket_queue_forget(queue);
    } else if (taken != SOCKET_TAKEN_PART) {
        end(connection);
    }
}

static void write_all(struct connection *connection)
{
    while (connection->queue.first != NULL)
        socket_queue_pop(&connection->queue);
}

static void check_members(const struct connection *connection)
{
    size_t together = 0;
    for (size_t i = 0; i < CONNECTIONS && connection->member.channel[0] != '\0'; i++) {
        const struct member *other = &connections[i].member;
        bool same = strcmp(other->channel, connection->member.channel) == 0;
        together += same;
        require(!same || other == &connection->member || strcmp(other->user, connection->member.user) != 0);
    }
    require(together <= SWITCHBOARD_CHANNEL_MEMBERS_MAX);
}

static void check(void)
{
    size_t shared = 0;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        if (connections[i].queue.broken)
            end(&connections[i]);
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        size_t bytes = connections[i].queue.bytes;
        require(bytes <= SOCKET_QUEUE_BYTES_MAX);
        shared += bytes > SOCKET_QUEUE_BYTES_OWN ? bytes - SOCKET_QUEUE_BYTES_OWN : 0;
        check_members(&connections[i]);
    }
    require(shared == budget.bytes && shared <= budget.max);
}

static void run_line(const uint8_t *line, size_t len)
{
    if (len < 2 || line[0] < 'a' || line[0] >= 'a' + CONNECTIONS)
        return;
    struct connection *connection = &connections[line[0] - 'a'];
    if (line[1] == '>' || line[1] == '+')
        take(connection, line + 2, len - 2, line[1] == '>');
    else if (line[1] == '<')
        write_all(connection);
    else if (line[1] == '!')
        end(connection);
    check();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    budget = (struct socket_budget){0, BUDGET};
    for (size_t i = 0; i < CONNECTIONS; i++)
        begin(&connections[i]);
    while (size > 0) {
        const uint8_t *newline = memchr(data, '\n', size);
        size_t len = newline == NULL ? size : (size_t)(newline - data);
        run_line(data, len);
        size -= newline == NULL ? len : len + 1;
        data += newline == NULL ? len : len + 1;
    }
    for (size_t i = 0; i < CONNECTIONS; i++)
        end(&connections[i]);
    require(board.members == NULL && budget.bytes == 0);
    return 0;
}
