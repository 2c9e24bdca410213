/* SPDX-License-Identifier: MIT */
/* Starts and ends a browser. */
#include "browser.h"

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAMERA_WIDTH 640
#define CAMERA_HEIGHT 480
#define SAMPLE_RATE 48000

static const char *executable_of(const char *name)
{
    return strcmp(name, "firefox") == 0 ? "firefox-esr" : "chromium";
}

bool browser_installed(const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s", getenv("PATH") == NULL ? "/usr/bin:/bin" : getenv("PATH"));
    for (char *rest = path, *folder = strsep(&rest, ":"); folder != NULL; folder = strsep(&rest, ":")) {
        char file[4200];
        snprintf(file, sizeof(file), "%s/%s", folder, executable_of(name));
        if (access(file, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

static FILE *open_in(const struct browser *browser, const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", browser->folder, name);
    return fopen(path, "wb");
}

/* One component of 0xRRGGBB in ITU-R BT.601 studio swing. */
static uint8_t component(uint32_t rgb, unsigned plane)
{
    static const double weights[3][4] = {{16, 0.257, 0.504, 0.098}, {128, -0.148, -0.291, 0.439}, {128, 0.439, -0.368, -0.071}};
    const double *w = weights[plane];
    return (uint8_t)(w[0] + w[1] * (rgb >> 16) + w[2] * (rgb >> 8 & 255) + w[3] * (rgb & 255) + 0.5);
}

static void write_plane(FILE *file, unsigned plane, int width, int height)
{
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            fputc(component(x < width / 2 ? BROWSER_LEFT_RGB : BROWSER_RIGHT_RGB, plane), file);
        }
    }
}

static bool write_camera(const struct browser *browser)
{
    FILE *file = open_in(browser, "camera.y4m");
    if (file == NULL) {
        return false;
    }
    fprintf(file, "YUV4MPEG2 W%d H%d F30:1 Ip A1:1 C420jpeg\nFRAME\n", CAMERA_WIDTH, CAMERA_HEIGHT);
    write_plane(file, 0, CAMERA_WIDTH, CAMERA_HEIGHT);
    write_plane(file, 1, CAMERA_WIDTH / 2, CAMERA_HEIGHT / 2);
    write_plane(file, 2, CAMERA_WIDTH / 2, CAMERA_HEIGHT / 2);
    return fclose(file) == 0;
}

static void put_little_endian(FILE *file, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        fputc((int)(value >> 8 * i & 255), file);
    }
}

/* One second of a tone with a whole number of periods: it repeats without a click. */
static bool write_microphone(const struct browser *browser)
{
    FILE *file = open_in(browser, "microphone.wav");
    if (file == NULL) {
        return false;
    }
    fputs("RIFF", file);
    put_little_endian(file, 36 + SAMPLE_RATE * 2, 4);
    fputs("WAVEfmt ", file);
    put_little_endian(file, 16, 4);
    put_little_endian(file, 1, 2); /* PCM */
    put_little_endian(file, 1, 2); /* channels */
    put_little_endian(file, SAMPLE_RATE, 4);
    put_little_endian(file, SAMPLE_RATE * 2, 4);
    put_little_endian(file, 2, 2);
    put_little_endian(file, 16, 2); /* bits */
    fputs("data", file);
    put_little_endian(file, SAMPLE_RATE * 2, 4);
    for (int i = 0; i < SAMPLE_RATE; i++) {
        put_little_endian(file, (uint16_t)(int16_t)(12000 * sin(6.283185307179586 * BROWSER_TONE_HZ * i / SAMPLE_RATE)), 2);
    }
    return fclose(file) == 0;
}

static bool write_firefox_preferences(const struct browser *browser)
{
    FILE *file = open_in(browser, "user.js");
    if (file == NULL) {
        return false;
    }
    fprintf(file, "user_pref(\"media.navigator.audio.fake_frequency\", %d);\n", BROWSER_TONE_HZ);
    fputs("user_pref(\"media.navigator.streams.fake\", true);\n"
          "user_pref(\"media.navigator.permission.disabled\", true);\n"
          "user_pref(\"media.autoplay.default\", 0);\n"
          "user_pref(\"media.autoplay.blocking_policy\", 0);\n"
          "user_pref(\"media.peerconnection.ice.obfuscate_host_addresses\", false);\n"
          "user_pref(\"media.gmp-manager.updateEnabled\", false);\n"
          "user_pref(\"media.gmp-manager.url\", \"\");\n"
          "user_pref(\"services.settings.server\", \"data:,\");\n"
          "user_pref(\"app.update.enabled\", false);\n"
          "user_pref(\"browser.shell.checkDefaultBrowser\", false);\n"
          "user_pref(\"browser.aboutwelcome.enabled\", false);\n"
          "user_pref(\"datareporting.policy.dataSubmissionEnabled\", false);\n"
          "user_pref(\"network.captive-portal-service.enabled\", false);\n"
          "user_pref(\"network.connectivity-service.enabled\", false);\n"
          "user_pref(\"extensions.update.enabled\", false);\n",
          file);
    return fclose(file) == 0;
}

/* In the new process. It ends with this program, even with one that is killed; its chatter goes to a file in its folder. */
static void become(const char *log, pid_t parent, char *const arguments[])
{
    int file = open(log, O_WRONLY | O_CREAT, 0600);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && setpgid(0, 0) == 0 && dup2(file, STDOUT_FILENO) >= 0 &&
        dup2(file, STDERR_FILENO) >= 0) {
        execvp(arguments[0], arguments);
    }
    _exit(127);
}

static bool spawn(struct browser *browser, char *const arguments[])
{
    char log[128];
    snprintf(log, sizeof(log), "%s/log", browser->folder);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        become(log, parent, arguments);
    }
    if (child > 0) {
        setpgid(child, child); /* whoever comes first: the group is there when this returns */
        browser->process = child;
    }
    return child > 0;
}

static bool start_chromium(struct browser *browser, const char *url, const char *host)
{
    char camera[128], microphone[128], profile[128], rules[400];
    snprintf(rules, sizeof(rules), "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE %s", host);
    snprintf(camera, sizeof(camera), "--use-file-for-fake-video-capture=%s/camera.y4m", browser->folder);
    snprintf(microphone, sizeof(microphone), "--use-file-for-fake-audio-capture=%s/microphone.wav", browser->folder);
    snprintf(profile, sizeof(profile), "--user-data-dir=%s/profile", browser->folder);
    const char *arguments[] = {"chromium",
                               "--headless",
                               "--no-sandbox",
                               "--disable-gpu",
                               "--disable-quic",
                               "--no-first-run",
                               "--disable-background-networking",
                               "--disable-component-update",
                               "--disable-sync",
                               "--disable-extensions",
                               "--use-fake-device-for-media-stream",
                               "--use-fake-ui-for-media-stream",
                               "--autoplay-policy=no-user-gesture-required",
                               "--ignore-certificate-errors",
                               rules,
                               "--window-size=1280,800",
                               camera,
                               microphone,
                               profile,
                               url,
                               NULL};
    return write_camera(browser) && write_microphone(browser) && spawn(browser, (char *const *)arguments);
}

static bool start_firefox(struct browser *browser, const char *url)
{
    const char *arguments[] = {"firefox-esr", "--headless", "--no-remote", "--profile", browser->folder, url, NULL};
    setenv("HOME", browser->folder, 1);
    return write_firefox_preferences(browser) && spawn(browser, (char *const *)arguments);
}

bool browser_start(struct browser *browser, const char *name, const char *url, const char *host)
{
    snprintf(browser->folder, sizeof(browser->folder), "/tmp/call-browser-XXXXXX");
    if (mkdtemp(browser->folder) == NULL) {
        browser->folder[0] = '\0';
        return false;
    }
    return strcmp(name, "firefox") == 0 ? start_firefox(browser, url) : start_chromium(browser, url, host);
}

static void print_log(const struct browser *browser)
{
    char path[128], text[2000];
    snprintf(path, sizeof(path), "%s/log", browser->folder);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return;
    }
    if (fseek(file, -(long)sizeof(text), SEEK_END) != 0) {
        rewind(file); /* shorter than that */
    }
    fwrite(text, 1, fread(text, 1, sizeof(text), file), stderr);
    fclose(file);
}

bool browser_is_running(struct browser *browser)
{
    if (browser->process > 0 && waitpid(browser->process, NULL, WNOHANG) == browser->process) {
        kill(-browser->process, SIGKILL); /* what is left of its group */
        browser->process = 0;
        print_log(browser);
    }
    return browser->process > 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    remove(path); /* what a dying process still writes is left to the next sweep of /tmp */
    return 0;
}

void browser_end(struct browser *browser)
{
    if (browser->process > 0) {
        kill(-browser->process, SIGKILL);
        waitpid(browser->process, NULL, 0);
        browser->process = 0;
    }
    if (browser->folder[0] != '\0') {
        nftw(browser->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        browser->folder[0] = '\0';
    }
}
