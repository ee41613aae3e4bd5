/*
 * What Doorstep does for one operation with a PIN, done with libfido2: open the token, read how many tries the PIN has
 * left, and make a credential or sign with one. libfido2's own tools never say how many tries are left.
 *
 * tries <device> <pin> make             prints the tries left and the credential's id, in hex
 * tries <device> <pin> assert <id>      prints the tries left
 */
#include <fido.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int status, const char *what) {
  if (status == FIDO_OK) return;
  fprintf(stderr, "%s: %s\n", what, fido_strerr(status));
  exit(1);
}

static const char *RP = "login.example";
static const unsigned char HASH[32] = {1};

static void make(fido_dev_t *device, const char *pin) {
  fido_cred_t *credential = fido_cred_new();
  must(fido_cred_set_type(credential, COSE_ES256), "type");
  must(fido_cred_set_clientdata_hash(credential, HASH, sizeof HASH), "hash");
  must(fido_cred_set_rp(credential, RP, NULL), "rp");
  must(fido_cred_set_user(credential, (const unsigned char *)"ada", 3, "ada", NULL, NULL), "user");
  must(fido_dev_make_cred(device, credential, pin), "fido_dev_make_cred");
  for (size_t i = 0; i < fido_cred_id_len(credential); i++) printf("%02x", fido_cred_id_ptr(credential)[i]);
  printf("\n");
  fido_cred_free(&credential);
}

static void assert_with(fido_dev_t *device, const char *pin, const char *hex) {
  unsigned char id[1024];
  size_t length = strlen(hex) / 2;
  if (length > sizeof id) exit(2);
  for (size_t i = 0; i < length; i++) {
    unsigned byte;
    if (sscanf(hex + 2 * i, "%2x", &byte) != 1) exit(2);
    id[i] = (unsigned char)byte;
  }
  fido_assert_t *assertion = fido_assert_new();
  must(fido_assert_set_clientdata_hash(assertion, HASH, sizeof HASH), "hash");
  must(fido_assert_set_rp(assertion, RP), "rp");
  must(fido_assert_allow_cred(assertion, id, length), "credential");
  must(fido_dev_get_assert(device, assertion, pin), "fido_dev_get_assert");
  if (fido_assert_count(assertion) != 1 || fido_assert_sig_len(assertion, 0) == 0) exit(3);
  fido_assert_free(&assertion);
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  fido_init(0);
  fido_dev_t *device = fido_dev_new();
  must(fido_dev_open(device, argv[1]), "fido_dev_open");
  int tries = 0;
  must(fido_dev_get_retry_count(device, &tries), "fido_dev_get_retry_count");
  printf("%d\n", tries);
  if (strcmp(argv[3], "make") == 0) make(device, argv[2]);
  else if (argc == 5) assert_with(device, argv[2], argv[4]);
  else return 2;
  fido_dev_close(device);
  fido_dev_free(&device);
  return 0;
}
