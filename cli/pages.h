#pragma once
// Takes the pages of a list one after the other until enough is there.

#include <google/protobuf/repeated_ptr_field.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/status.h"
#include "sdk/client.h"

namespace turnpike {

constexpr int kPageSizeMax = 1000;

// `items` names the list inside the answer; the last page's token stays in the answer, so that a caller can tell that
// there is more.
template <class Request, class Response, class Item>
Result<Response> FetchPages(Client& client, Result<Response> (Client::*call)(Request), Request request, int limit,
                            google::protobuf::RepeatedPtrField<Item>* (Response::*items)()) {
  Response all;
  while (true) {
    request.set_page_size(std::clamp(limit - (all.*items)()->size(), 1, kPageSizeMax));
    ASSIGN_OR_RETURN(Response page, (client.*call)(request));
    (all.*items)()->MergeFrom(*(page.*items)());
    all.set_next_page_token(page.next_page_token());
    if (page.next_page_token().empty() || (all.*items)()->size() >= limit) {
      return all;
    }
    if (page.next_page_token() == request.page_token()) {
      return Internal("the broker gave the same page token twice; please report it");
    }
    request.set_page_token(page.next_page_token());
  }
}

}  // namespace turnpike
